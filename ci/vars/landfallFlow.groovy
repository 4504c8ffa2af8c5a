/** Runs steps of a month's flow. See landfallFlow.txt. */
Map call(Map config) {
    String start = config.start ?: 'land'     // the first step
    String end = config.end ?: 'promote'      // the last step
    String kept = "run-${config.month}-${end}.json"
    List words = ['run', '--month', config.month, '--from', start, '--to', end, '--stack', config.stack]
    Map made = landfallData(args: words, file: kept, label: "${config.month}: ${start} to ${end}").value
    archiveArtifacts(artifacts: kept)
    return made
}
