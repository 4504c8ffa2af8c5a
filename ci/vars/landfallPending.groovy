/** After an apply that did not end well: what it left pending, with the way out. See landfallPending.txt. */
void call(Map config) {
    String kept = "pending-${config.stack}.json"
    landfallAgent {
        Map found = [:]
        withCredentials([file(credentialsId: 'landfall-preview', variable: 'LANDFALL_OIDC_TOKEN_FILE')]) {
            found = landfall(args: ['stack', 'pending', config.stack], allowed: [0, 3], file: kept)
        }
        archiveArtifacts(artifacts: kept)
        if (found.code == 3) {
            landfallNotify(event: 'failed', stack: config.stack, file: kept)
        }
    }
}
