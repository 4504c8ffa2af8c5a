/** Makes an earlier champion champion again, and tells people. See landfallRollback.txt. */
void call(Map config) {
    List words = ['model', 'rollback', '--why', config.why, '--stack', config.stack]
    words += config.to ? ['--to', config.to] : []    // default: the champion before this one
    landfallData(args: words, file: 'rollback.json')
    archiveArtifacts(artifacts: 'rollback.json')
    landfallNotify(event: 'rolled-back', stack: config.stack, file: 'rollback.json')
}
