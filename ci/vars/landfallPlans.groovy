/** Plans several stacks side by side and tells the pull request. See landfallPlans.txt. */
void call(Map config) {
    if (!config.stacks) {
        echo 'No stack is touched: there is nothing to plan.'
        return
    }
    String base = "origin/${env.CHANGE_TARGET}"
    Map plans = [:]
    Map branches = [:]
    for (String stack in config.stacks) {
        String name = stack    // each branch its own: the loop's variable moves on
        branches[name] = {
            landfallAgent {
                plans[name] = landfallPlan(stack: name, base: base)
            }
        }
    }
    try {
        parallel(branches)
    } finally {    // one that cannot be planned keeps no other from being read
        List<String> made = config.stacks.findAll { String stack -> plans.containsKey(stack) }
        if (made) {
            landfallAgent {
                for (String stack in made) {
                    unstash("plan-${stack}")
                }
                landfallComment(stacks: made)
            }
        }
    }
    List<String> refused = config.stacks.findAll { String stack -> plans[stack].refused }
    if (refused) {
        List<String> told = refused.collect { String stack -> "${stack}: ${plans[stack].refused.join('; ')}" }
        landfallStop(event: 'refused', reason: "Refused: ${told.join(' | ')}")
    }
}
