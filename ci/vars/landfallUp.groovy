/** Applies the release that was looked at, as the deploy role. See landfallUp.txt. */
Map call(Map config) {
    String folder = "releases/${config.stack}"
    String command = config.destroy ? 'destroy' : 'up'    // default: up
    unstash("release-${config.stack}")
    try {
        withCredentials([file(credentialsId: 'landfall-deploy', variable: 'LANDFALL_OIDC_TOKEN_FILE')]) {
            return landfall(args: ['stack', command, folder], file: "${command}-${config.stack}.json").value
        }
    } finally {
        archiveArtifacts(artifacts: "${folder}/*", allowEmptyArchive: true)
    }
}
