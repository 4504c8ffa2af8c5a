/** Holds changed contracts to their promise; ends the build where one is broken. See landfallContracts.txt. */
Map call(Map config) {
    Map found = landfall(args: ['dataset', 'diff', '--against', config.base], allowed: [0, 3], file: 'contracts.json')
    archiveArtifacts(artifacts: 'contracts.json')
    if (found.code == 3) {
        landfallStop(event: 'refused', reason: "Refused: ${found.value.refused.join(' | ')}")
    }
    return found.value
}
