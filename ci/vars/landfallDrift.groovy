/** Looks whether the cloud is still as applied. See landfallDrift.txt. */
Map call(Map config) {
    Map found = landfallLook(command: 'drift', stack: config.stack, event: 'drift')
    if (found.code == 3) {
        List<String> names = found.value.changes.take(3)*.name
        unstable("${config.stack} has drifted: ${names.join(', ')}")
    }
    return found.value
}
