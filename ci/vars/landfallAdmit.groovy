/** The first stage: may this build do this to the stack at all. See landfallAdmit.txt. */
Map call(Map config) {
    List words = ['stack', 'admit', config.stack,
                  '--job', config.job ?: 'plan',             // plan, preview, up, destroy, drift or data
                  '--branch', env.BRANCH_NAME]               // what is built; landfallAgent sets it where Jenkins does not
    words += env.CHANGE_FORK ? ['--fork'] : []
    return landfall(args: words, file: "admit-${config.stack}.json").value
}
