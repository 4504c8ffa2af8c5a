/** Takes an agent, checks the commit out and makes it ready; the body runs there. See landfallAgent.txt. */
void call(Map config = [:], Closure body) {
    String label = config.label ?: 'landfall-cpu'   // landfall-cpu, landfall-spark or landfall-gpu
    String use = config.use ?: 'infra'              // what ci/setup.sh makes ready: infra or test
    int tries = config.tries ?: 3                   // a lost pod is replaced so often; a failure is not repeated
    int minutes = config.minutes ?: 240             // then the body is ended; waiting for an agent does not count
    List lost = [kubernetesAgent(handleNonKubernetes: true), nonresumable()]
    retry(count: tries, conditions: lost) {
        node(label) {
            timeout(time: minutes, unit: 'MINUTES') {
                Map found = checkout(scm)
                // Only a multibranch job is told its branch; the others build the branch that they check out.
                String branch = env.BRANCH_NAME ?: found.GIT_BRANCH?.replaceFirst('^(refs/remotes/)?origin/', '') ?: ''
                sh(label: "set up: ${use}", script: "ci/setup.sh ${use}")
                withEnv(["PATH+LANDFALL=${env.WORKSPACE}/.venv/bin", "BRANCH_NAME=${branch}", "GIT_COMMIT=${found.GIT_COMMIT}",
                         "GIT_PREVIOUS_SUCCESSFUL_COMMIT=${found.GIT_PREVIOUS_SUCCESSFUL_COMMIT ?: ''}"]) {
                    body()
                }
            }
        }
    }
}
