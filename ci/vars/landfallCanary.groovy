/** Lets the gate's winner answer a share of real requests; true where it held. See landfallCanary.txt. */
boolean call(Map config) {
    List words = ['model', 'canary', '--month', config.month, '--stack', config.stack]
    Map tried = landfallData(args: words, allowed: [0, 3], file: 'canary.json')
    archiveArtifacts(artifacts: 'canary.json')
    if (tried.code == 3) {
        landfallNotify(event: 'rolled-back', stack: config.stack, file: 'canary.json')
        unstable("The canary failed, the champion stays: ${tried.value.reasons.join('; ')}")
    }
    return tried.code == 0
}
