/** Tells the people of each stack that a build failed. See landfallFailed.txt. */
void call(Map config) {
    if (env.CHANGE_ID || !config.stacks) {    // a pull request shows it where it is read
        return
    }
    landfallAgent {
        for (String stack in config.stacks) {
            writeJSON(file: 'failed.json', json: [what: "${env.JOB_NAME} ${env.BUILD_NUMBER} failed"])
            landfallNotify(event: config.event ?: 'failed', stack: stack, file: 'failed.json')
        }
    }
}
