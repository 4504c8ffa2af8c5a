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
    parallel(branches)
    landfallAgent {
        for (String stack in config.stacks) {
            unstash("plan-${stack}")
        }
        landfallComment(stacks: config.stacks)
    }
    List<String> refused = config.stacks.findAll { String stack -> plans[stack].refused }
    if (refused) {
        List<String> told = refused.collect { String stack -> "${stack}: ${plans[stack].refused.join('; ')}" }
        landfallStop(event: 'refused', reason: "Refused: ${told.join(' | ')}")
    }
}
