/** Looks whether the cloud is still as applied. See landfallDrift.txt. */
Map call(Map config) {
    String kept = "drift-${config.stack}.json"
    Map found = [:]
    withCredentials([file(credentialsId: 'landfall-preview', variable: 'LANDFALL_OIDC_TOKEN_FILE')]) {
        found = landfall(args: ['stack', 'drift', config.stack], allowed: [0, 3], file: kept)
    }
    archiveArtifacts(artifacts: kept)
    if (found.code == 3) {
        landfallNotify(event: 'drift', stack: config.stack, file: kept)
        List<String> names = found.value.changes.take(3)*.name
        unstable("${config.stack} has drifted: ${names.join(', ')}")
    }
    return found.value
}
