/** Runs a landfall command that works on a stack's data or models, by Jenkins' token for it. See landfallData.txt. */
Map call(Map config) {
    int minutes = config.minutes ?: 180    // ten less than the token lives: it is ended in order, before no cloud takes it
    Map made = [:]
    timeout(time: minutes, unit: 'MINUTES') {
        withCredentials([file(credentialsId: 'landfall-data', variable: 'LANDFALL_OIDC_TOKEN_FILE')]) {
            made = landfall(config)
        }
    }
    return made
}
