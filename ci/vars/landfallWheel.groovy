/** Builds the wheel and stages it in the artifacts zone, under its digest. See landfallWheel.txt. */
Map call(Map config) {
    sh(label: 'wheel', script: 'make wheel')
    stash(name: 'wheel', includes: 'dist/*.whl')
    return landfallData(args: ['code', 'stage', 'dist', '--stack', config.stack], file: 'code.json').value
}
