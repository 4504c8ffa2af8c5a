/** One stack from preview to proof: preview, approve, up, verify. See landfallRelease.txt. */
void call(Map config) {
    String stack = config.stack
    boolean destroy = config.destroy ?: false
    Map release = [:]
    landfallAgent {
        landfallAdmit(stack: stack, job: destroy ? 'destroy' : 'up', branch: config.branch)
        release = landfallPreview(stack: stack, destroy: destroy)
    }
    if (!destroy && !release.changes) {
        echo "${stack}: nothing to apply"
        return
    }
    landfallApprove(release: release)
    // A newer build that comes this far ends the older ones, whose plan is of yesterday.
    milestone(ordinal: config.ordinal ?: 1, label: "apply ${stack}")
    // One apply a stack at a time, also between jobs; the engine's own lock is the second net.
    lock(resource: "landfall-${stack}") {
        landfallAgent(tries: 1) {    // an apply is never repeated by itself: a lost agent leaves it to people
            landfallUp(stack: stack, destroy: destroy)
            if (!destroy) {
                landfallVerify(stack: stack)
            }
        }
    }
}
