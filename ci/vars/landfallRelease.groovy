/** One stack from preview to proof: preview, approve, up, verify. See landfallRelease.txt. */
void call(Map config) {
    String stack = config.stack
    boolean destroy = config.destroy ?: false    // default: up
    Map release = [:]
    landfallAgent {
        landfallAdmit(stack: stack, job: destroy ? 'destroy' : 'up')
        release = landfallPreview(stack: stack, destroy: destroy)
    }
    if (!release.changes) {
        echo "${stack}: nothing to apply"
        return
    }
    landfallApprove(release: release)
    // A newer build that comes this far ends the older ones that still wait for their answer: theirs is yesterday's plan.
    milestone(ordinal: config.ordinal ?: 1, label: "apply ${stack}")
    boolean whole = false
    try {
        // A lock and not disableConcurrentBuilds, which knows one job alone: infra, upgrade and destroy all come here,
        // and builds of other stacks need not wait. The engine's own lock is the second net: by the variable the command
        // knows that Jenkins' lock is ours, so that the build which held it before has ended.
        lock(resource: "landfall-${stack}", variable: 'LANDFALL_LOCK') {
            landfallAgent(tries: 1) {    // an apply is never repeated by itself: what a lost agent left, people look at
                landfallUp(stack: stack, destroy: destroy)
                landfallVerify(stack: stack, destroy: destroy)
            }
        }
        whole = true
    } finally {
        if (!whole && env.LANDFALL_EVENT != 'refused') {    // refused: it was not begun
            catchError(message: "${stack}: what is left pending could not be read") {
                landfallPending(stack: stack)
            }
        }
    }
}
