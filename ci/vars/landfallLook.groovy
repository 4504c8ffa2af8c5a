/** Looks at an applied stack as the read-only role, and tells people where something is found. See landfallLook.txt. */
Map call(Map config) {
    String kept = "${config.command}-${config.stack}.json"
    Map found = [:]
    withCredentials([file(credentialsId: 'landfall-preview', variable: 'LANDFALL_OIDC_TOKEN_FILE')]) {
        found = landfall(args: ['stack', config.command, config.stack], allowed: [0, 3], file: kept)
    }
    archiveArtifacts(artifacts: kept)
    if (found.code == 3) {
        landfallNotify(event: config.event, stack: config.stack, file: kept)
    }
    return found
}
