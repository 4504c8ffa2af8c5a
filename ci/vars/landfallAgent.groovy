/** Takes an agent, checks the commit out and makes it ready; the body runs there. See landfallAgent.txt. */
void call(Map config = [:], Closure body) {
    String label = config.label ?: 'landfall-cpu'   // landfall-cpu, landfall-spark or landfall-gpu
    String use = config.use ?: 'infra'              // what ci/setup.sh makes ready: infra or test
    int tries = config.tries ?: 3                   // a lost pod is replaced so often; a failure is not repeated
    List lost = [kubernetesAgent(handleNonKubernetes: true), nonresumable()]
    retry(count: tries, conditions: lost) {
        node(label) {
            Map found = checkout(scm)
            sh(label: "set up: ${use}", script: "ci/setup.sh ${use}")
            withEnv(["PATH+LANDFALL=${env.WORKSPACE}/.venv/bin", "GIT_COMMIT=${found.GIT_COMMIT}",
                     "GIT_PREVIOUS_SUCCESSFUL_COMMIT=${found.GIT_PREVIOUS_SUCCESSFUL_COMMIT ?: ''}"]) {
                body()
            }
        }
    }
}
