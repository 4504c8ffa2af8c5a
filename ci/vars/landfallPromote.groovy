/** Applies the month's verdict: promotes, or holds and tells people. See landfallPromote.txt. */
Map call(Map config) {
    Map made = landfallFlow(stack: config.stack, month: config.month, start: 'promote')
    String decision = made.verdict?.decision ?: 'NONE'
    boolean promoted = decision == 'PROMOTE' && config.canary != false
    String event = promoted ? 'promoted' : config.canary == false ? 'rolled-back' : 'held'
    landfallNotify(event: event, stack: config.stack, file: config.canary == false ? 'canary.json' : "run-${config.month}-promote.json")
    return made
}
