/** Runs a landfall command that works on a stack's data or models, by Jenkins' token for it. See landfallData.txt. */
Map call(Map config) {
    Map made = [:]
    withCredentials([file(credentialsId: 'landfall-data', variable: 'LANDFALL_OIDC_TOKEN_FILE')]) {
        made = landfall(config)
    }
    return made
}
