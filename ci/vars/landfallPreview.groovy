/** Asks the engine what it would do, as the read-only role, and keeps the release. See landfallPreview.txt. */
Map call(Map config) {
    String folder = "releases/${config.stack}"
    List words = ['stack', 'preview', config.stack, '--release', folder, '--commit', env.GIT_COMMIT]
    words += config.destroy ? ['--destroy'] : []
    Map made = [:]
    withCredentials([file(credentialsId: 'landfall-preview', variable: 'LANDFALL_OIDC_TOKEN_FILE')]) {
        made = landfall(args: words, allowed: [0, 3], file: "preview-${config.stack}.json")
    }
    archiveArtifacts(artifacts: "${folder}/*")
    if (made.code == 3) {
        landfallStop(event: 'refused', reason: "${config.stack} is refused: ${made.value.refused.join('; ')}")
    }
    stash(name: "release-${config.stack}", includes: "${folder}/**")
    return made.value
}
