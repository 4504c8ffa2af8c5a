/** Plans a stack with no credentials and holds it against the base's plan. See landfallPlan.txt. */
Map call(Map config) {
    String folder = "releases/${config.stack}"
    List words = ['stack', 'plan', config.stack, '--release', folder, '--base', config.base]
    Map made = landfall(args: words, allowed: [0, 3], file: "plan-${config.stack}.json").value
    archiveArtifacts(artifacts: "${folder}/*")
    stash(name: "plan-${config.stack}", includes: "${folder}/**")
    return made
}
