/** Trains a month's candidates, on a GPU where one is asked for, and goes on after a preemption. See landfallTrain.txt. */
Map call(Map config) {
    Map made = [:]
    String label = config.gpu ? 'landfall-gpu' : 'landfall-spark'
    // Spot nodes are taken back at any moment: what is trained stays, and the next try goes on from there.
    landfallAgent(label: label, use: 'data', tries: config.tries ?: 5, minutes: config.minutes ?: 240) {
        made = landfallFlow(stack: config.stack, month: config.month, start: 'train', end: 'train')
    }
    return made
}
