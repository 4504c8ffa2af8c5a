/** Applies the month's verdict: promotes, or holds and tells people. See landfallPromote.txt. */
Map call(Map config) {
    Map made = landfallFlow(stack: config.stack, month: config.month, start: 'promote')
    String event = made.verdict.decision == 'PROMOTE' ? 'promoted' : 'held'
    writeJSON(file: 'verdict.json', json: [month: made.month] + made.verdict)
    landfallNotify(event: event, stack: config.stack, file: 'verdict.json')
    return made
}
