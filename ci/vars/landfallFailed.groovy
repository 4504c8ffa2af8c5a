/** Tells the people of each stack that a build did not end well, and why. See landfallFailed.txt. */
void call(Map config) {
    String result = currentBuild.currentResult
    // A pull request shows it where it is read; of what made a build unstable the steps have told; NOT_BUILT: a newer came.
    if (env.CHANGE_ID || !config.stacks || result == 'UNSTABLE' || result == 'NOT_BUILT') {
        return
    }
    String reason = currentBuild.description ?: 'The reasons stand in its log.'    // landfallStop's
    landfallAgent {
        writeJSON(file: 'failed.json', json: [what: "${env.JOB_NAME} ${env.BUILD_NUMBER}: ${result}. ${reason}"])
        for (String stack in config.stacks) {
            landfallNotify(event: env.LANDFALL_EVENT ?: 'failed', stack: stack, file: 'failed.json')
        }
    }
}
