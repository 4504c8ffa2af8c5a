/** The stacks that the change touches. See landfallTouched.txt. */
List<String> call(Map config = [:]) {
    String target = env.CHANGE_TARGET ?: 'main'
    // A pull request is compared with its target, a branch with what it was before.
    String base = config.base ?: (env.CHANGE_ID ? "origin/${target}" : env.GIT_PREVIOUS_SUCCESSFUL_COMMIT ?: 'HEAD~1')
    return landfall(args: ['stack', 'touched', '--base', base], file: 'touched.json').value.stacks
}
