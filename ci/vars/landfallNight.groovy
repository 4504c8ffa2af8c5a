/** Looks at each stack's waivers and at its cost against the budget. See landfallNight.txt. */
void call(Map config) {
    for (String stack in config.stacks) {
        if (landfall(args: ['waivers', stack], allowed: [0, 3], file: "waivers-${stack}.json").code == 3) {
            landfallNotify(event: 'waivers', stack: stack, file: "waivers-${stack}.json")
            unstable("${stack}: a waiver has expired")
        }
        Map plan = landfall(args: ['plan', stack], allowed: [0, 1, 3], file: "plan-${stack}.json")
        if (plan.value.cost?.budget?.over) {
            writeJSON(file: 'budget.json', json: [what: "${stack} is expected to cost ${plan.value.cost.expected} USD a month", reasons: [plan.value.cost.budget.told]])
            landfallNotify(event: 'over-budget', stack: stack, file: 'budget.json')
            unstable("${stack}: over budget")
        }
    }
}
