/** Holds changed contracts to their promise; ends the build where one is broken. See landfallContracts.txt. */
Map call(Map config = [:]) {
    // A branch is compared with what it was when a build of it last succeeded.
    String base = config.base ?: env.GIT_PREVIOUS_SUCCESSFUL_COMMIT ?: 'HEAD~1'
    Map found = landfall(args: ['dataset', 'diff', '--against', base], allowed: [0, 3], file: 'contracts.json')
    archiveArtifacts(artifacts: 'contracts.json')
    if (found.code == 3) {
        landfallStop(event: 'refused', reason: "Refused: ${found.value.refused.join(' | ')}")
    }
    return found.value
}
