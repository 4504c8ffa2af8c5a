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
                Map found = commit()
                sh(label: "set up: ${use}", script: "ci/setup.sh ${use}")
                withEnv(["PATH+LANDFALL=${env.WORKSPACE}/.venv/bin", "BRANCH_NAME=${found.branch}", "GIT_COMMIT=${found.commit}",
                         "GIT_PREVIOUS_SUCCESSFUL_COMMIT=${found.before ?: ''}"]) {
                    body()
                }
            }
        }
    }
}

/** Checks out: the same commit on every agent of a build, whatever is merged while somebody is asked. */
Map commit() {
    if (env.BRANCH_NAME) {    // a multibranch job keeps to the commit that it was started for
        Map found = checkout(scm: scm)
        return [branch: env.BRANCH_NAME, commit: found.GIT_COMMIT, before: found.GIT_PREVIOUS_SUCCESSFUL_COMMIT]
    }
    if (env.LANDFALL_COMMIT) {
        checkout(scm: [$class: 'GitSCM', branches: [[name: env.LANDFALL_COMMIT]], userRemoteConfigs: scm.userRemoteConfigs])
    } else {    // others take the branch's newest: which that is, is kept, and which branch, as Jenkins does not tell them
        Map found = checkout(scm: scm)
        env.LANDFALL_COMMIT = found.GIT_COMMIT
        env.LANDFALL_COMMIT_OF = found.GIT_BRANCH?.replaceFirst('^(refs/remotes/)?origin/', '') ?: ''
    }
    return [branch: env.LANDFALL_COMMIT_OF, commit: env.LANDFALL_COMMIT]
}
