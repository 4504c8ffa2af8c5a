/** Looks whether the cloud is still as applied. See landfallDrift.txt. */
Map call(Map config) {
    Map found = [:]
    withCredentials([file(credentialsId: 'landfall-preview', variable: 'LANDFALL_OIDC_TOKEN_FILE')]) {
        found = landfall(args: ['stack', 'drift', config.stack], allowed: [0, 3], file: "drift-${config.stack}.json")
    }
    if (found.code == 3) {
        landfallNotify(event: 'drift', stack: config.stack, file: "drift-${config.stack}.json")
        unstable("${config.stack} has drifted: ${found.value.changes.take(3).collect { Map one -> one.name }.join(', ')}")
    }
    return found.value
}
