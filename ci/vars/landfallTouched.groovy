/** The stacks of this client that the change touches, and those that this branch applies. See landfallTouched.txt. */
Map call(Map config = [:]) {
    // A pull request is compared with its target, a branch with what it was before.
    String before = env.GIT_PREVIOUS_SUCCESSFUL_COMMIT ?: 'HEAD~1'
    String base = config.base ?: (env.CHANGE_ID ? "origin/${env.CHANGE_TARGET}" : before)
    List words = ['stack', 'touched', '--base', base, '--client', landfallClient(), '--branch', env.BRANCH_NAME]
    Map found = landfall(args: words, file: 'touched.json').value
    archiveArtifacts(artifacts: 'touched.json')
    if (found.left && !env.CHANGE_ID) {
        List<String> told = found.left.collect { String stack, String why -> "${stack}: ${why}" }
        currentBuild.description = "Not applied: ${told.join('; ')}."    // beside the build: green, and yet not applied
        echo currentBuild.description
    }
    return found
}
