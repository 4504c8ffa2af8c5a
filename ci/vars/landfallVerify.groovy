/** Proves that the stack is whole, as the read-only role, and tags the commit. See landfallVerify.txt. */
void call(Map config) {
    withCredentials([file(credentialsId: 'landfall-preview', variable: 'LANDFALL_OIDC_TOKEN_FILE')]) {
        landfall(args: ['stack', 'verify', config.stack], file: "verify-${config.stack}.json")
    }
    withCredentials([gitUsernamePassword(credentialsId: 'landfall-git')]) {
        landfall(args: ['stack', 'tag', "releases/${config.stack}", '--push'], file: "tag-${config.stack}.json")
    }
}
