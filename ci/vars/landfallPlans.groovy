/** Plans several stacks side by side and tells the pull request. See landfallPlans.txt. */
void call(Map config) {
    if (!config.stacks) {
        echo 'No stack is touched: there is nothing to plan.'
        return
    }
    String base = "origin/${env.CHANGE_TARGET ?: 'main'}"
    Map plans = [:]
    Map branches = [:]
    for (String stack in config.stacks) {
        String name = stack
        branches[name] = {
            landfallAgent {
                plans[name] = landfallPlan(stack: name, base: base, collect: true)
                stash(name: "plan-${name}", includes: "releases/${name}/**")
            }
        }
    }
    parallel(branches)
    landfallAgent {
        for (String name in config.stacks) {
            unstash("plan-${name}")
        }
        landfallComment(stacks: config.stacks)
    }
    List<String> refused = config.stacks.findAll { String name -> plans[name].refused }
    if (refused) {
        error("Refused: ${refused.collect { String name -> "${name}: ${plans[name].refused.join('; ')}" }.join(' | ')}")
    }
}
