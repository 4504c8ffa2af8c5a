/** Proves that an applied stack is whole, as the read-only role, and tags the commit. See landfallVerify.txt. */
void call(Map config) {
    if (!config.destroy) {    // of a stack that was destroyed nothing is left to look at
        Map whole = [:]
        withCredentials([file(credentialsId: 'landfall-preview', variable: 'LANDFALL_OIDC_TOKEN_FILE')]) {
            whole = landfall(args: ['stack', 'verify', config.stack], file: "verify-${config.stack}.json").value
        }
        withCredentials([gitUsernamePassword(credentialsId: 'landfall-git')]) {
            landfall(args: ['stack', 'tag', "releases/${config.stack}", '--push'], file: "tag-${config.stack}.json")
        }
        List<String> due = whole.checks.findAll { Map one -> !one.ok }*.told    // whole, and yet somebody has to act
        if (due) {
            unstable("${config.stack}: ${due.join('; ')}")
        }
    }
}
