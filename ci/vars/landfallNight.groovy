/** Looks at a stack's waivers and at its cost against the budget. See landfallNight.txt. */
void call(Map config) {
    String stack = config.stack
    if (landfall(args: ['waivers', stack], allowed: [0, 3], file: 'waivers.json').code == 3) {
        landfallNotify(event: 'waivers', stack: stack, file: 'waivers.json')
        unstable("${stack}: a waiver has expired")
    }
    Map cost = landfall(args: ['plan', stack], allowed: [0, 1, 3], file: 'plan.json').value.cost
    if (cost.budget?.over) {
        String told = "${stack} is expected to cost ${cost.expected} USD a month, more than its budget."
        writeJSON(file: 'budget.json', json: [what: told, reasons: [cost.budget.told]])
        landfallNotify(event: 'over-budget', stack: stack, file: 'budget.json')
        unstable(told)
    }
}
