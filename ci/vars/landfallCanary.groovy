/** Lets the gate's winner answer a share of real requests. True where it held. See landfallCanary.txt. */
boolean call(Map config) {
    List words = ['model', 'canary', '--month', config.month, '--stack', config.stack]
    return landfall(args: words, allowed: [0, 3], file: 'canary.json').code == 0
}
