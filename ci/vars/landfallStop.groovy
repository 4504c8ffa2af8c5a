/** Ends the build, with a reason that is shown beside it and written to people. See landfallStop.txt. */
void call(Map config) {
    currentBuild.description = config.reason             // Jenkins shows it in the list of builds
    env.LANDFALL_EVENT = config.event ?: 'failed'        // failed or refused; landfallFailed writes of it
    error(config.reason)
}
