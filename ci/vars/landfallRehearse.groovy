/** Tries every candidate on a few rows, and says what training them costs. See landfallRehearse.txt. */
Map call(Map config) {
    List words = ['--month', config.month, '--stack', config.stack]
    landfallData(args: ['model', 'rehearse'] + words, file: 'rehearsal.json')
    Map spend = landfall(args: ['model', 'spend'] + words, file: 'spend.json').value    // asks no cloud
    archiveArtifacts(artifacts: 'rehearsal.json,spend.json')
    return spend
}
