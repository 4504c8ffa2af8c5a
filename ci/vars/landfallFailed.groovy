/** Tells people that a build did not end well, and why: those of each stack, or all of the client's. See landfallFailed.txt. */
void call(Map config) {
    String result = currentBuild.currentResult
    // A pull request shows it where it is read; of what made a build unstable the steps have told; NOT_BUILT: a newer came.
    if (env.CHANGE_ID || config.stacks?.isEmpty() || result == 'UNSTABLE' || result == 'NOT_BUILT') {
        return
    }
    String reason = currentBuild.description ?: 'The reasons stand in its log.'    // landfallStop's
    List known = config.stacks ?: [null]    // null: it failed before anybody knew which
    landfallAgent {
        writeJSON(file: 'failed.json', json: [what: "${env.JOB_NAME} ${env.BUILD_NUMBER}: ${result}. ${reason}"])
        for (String stack in known) {
            landfallNotify(event: env.LANDFALL_EVENT ?: 'failed', stack: stack, file: 'failed.json')
        }
    }
}
