/** Runs steps of a month's flow. See landfallFlow.txt. */
Map call(Map config) {
    List words = ['run', '--month', config.month, '--stack', config.stack]
    words += config.start ? ['--from', config.start] : []    // the first step; default: land
    words += config.end ? ['--to', config.end] : []          // the last step; default: promote
    String file = "run-${config.month}-${config.end ?: 'promote'}.json"
    return landfall(args: words, file: file, label: "${config.month}: ${config.start ?: 'land'} to ${config.end ?: 'promote'}").value
}
