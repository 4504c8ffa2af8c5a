/** After an apply that did not end well: what it left pending, with the way out. See landfallPending.txt. */
void call(Map config) {
    landfallAgent {
        landfallLook(command: 'pending', stack: config.stack, event: 'failed')
    }
}
