/** Looks for known holes in dependencies and images; the build is unstable where not all is well. See landfallScan.txt. */
void call(Map config = [:]) {
    String registry = config.registry ?: env.LANDFALL_REGISTRY ?: ''    // casc/system.yaml hands it to every build
    if (!registry) {
        unstable('Images are not looked at: LANDFALL_REGISTRY does not say where they lie.')
    }
    String folder = "${env.WORKSPACE}/.landfall/registry"
    Map entry = [:]
    if (registry && config.stack) {
        List words = ['registry', 'login', registry, '--stack', config.stack, '--folder', folder]
        catchError(buildResult: 'UNSTABLE', stageResult: 'UNSTABLE', message: 'the registry lets nobody in') {
            withCredentials([file(credentialsId: 'landfall-preview', variable: 'LANDFALL_OIDC_TOKEN_FILE')]) {
                entry = landfall(args: words, file: 'registry.json').value
            }
        }
    }
    // Only then: a registry of another house is signed in to as the agent is.
    withEnv(["REGISTRY=${registry}"] + (entry.signed_in ? ["DOCKER_CONFIG=${folder}"] : [])) {
        catchError(buildResult: 'UNSTABLE', stageResult: 'UNSTABLE', message: 'there are known holes, or not all was looked at') {
            sh(label: 'known holes', script: 'make scan')
        }
    }
    archiveArtifacts(artifacts: 'scan.json', allowEmptyArchive: true)
}
