/** Asks people for a yes or a no, and gives the answer. Call it outside of any agent. See landfallAsk.txt. */
Map call(Map config) {
    List<String> people = config.approval.approvers
    if (!people) {    // to Jenkins, a question without a submitter is one that everybody may answer
        landfallStop(event: 'refused', reason: "${config.subject} needs a yes, and its intent names nobody who may " +
                     'give it. Name them: jenkins.approvers.')
    }
    Map answer = [:]
    timeout(time: config.hours ?: 72, unit: 'HOURS') {    // then the build ends, and nothing was done
        answer = input(
            id: config.id,
            message: "${config.question} ${config.approval.reasons.take(5).join('; ')}",
            ok: 'Answer',
            submitter: people.join(','),                  // administrators too, always: so the name is checked again
            submitterParameter: 'BY',
            parameters: [
                choice(name: 'ANSWER', choices: ['no', 'yes'], description: 'no comes first: a hasty click does nothing'),
                string(name: 'WHY', defaultValue: '', description: 'kept with the answer'),
            ],
        )
    }
    return answer
}
