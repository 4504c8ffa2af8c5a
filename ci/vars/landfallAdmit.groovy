/** The first stage: may this build do this to the stack at all. See landfallAdmit.txt. */
Map call(Map config) {
    List words = ['stack', 'admit', config.stack ?: error('Say which stack: the parameter STACK is empty.'),
                  '--job', config.job ?: 'plan',       // plan, preview, up, destroy or drift
                  '--branch', config.branch ?: env.BRANCH_NAME]
    if (env.CHANGE_FORK) {
        words << '--fork'
    }
    return landfall(args: words, file: "admit-${config.stack}.json").value
}
