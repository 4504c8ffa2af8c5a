/** What the register of builds knows of this client's stacks, or the plan of their upgrade. See landfallClients.txt. */
Map call(Map config = [:]) {
    boolean upgrade = config.upgrade ?: false    // default: the list
    String kept = upgrade ? 'campaign.json' : 'clients.json'
    List words = ['clients'] + (upgrade ? ['upgrade'] : []) + ['--client', landfallClient()]
    Map found = [:]
    // The register lies beside the state, where the read-only role reads it.
    withCredentials([file(credentialsId: 'landfall-preview', variable: 'LANDFALL_OIDC_TOKEN_FILE')]) {
        found = landfall(args: words, allowed: [0, 3], file: kept).value
    }
    archiveArtifacts(artifacts: kept)
    if (found.by_hand) {
        echo "Left to people, as their intents name no Jenkins: ${found.by_hand.join(', ')}"
    }
    return found
}
