/** Makes the wheel that was tried the current code of a stack. See landfallPublish.txt. */
Map call(Map config) {
    unstash('wheel')
    landfallData(args: ['code', 'stage', 'dist', '--stack', config.stack], file: 'code.json')
    return landfallData(args: ['code', 'publish', config.digest, '--stack', config.stack], file: 'published.json').value
}
