/** Tells the pull request what its plans say. See landfallComment.txt. */
void call(Map config) {
    if (env.CHANGE_FORK) {
        echo 'A fork is handed no token: the comment is among the artifacts.'
        return
    }
    List folders = config.stacks.collect { String stack -> "releases/${stack}".toString() }
    withCredentials([string(credentialsId: 'landfall-scm', variable: 'LANDFALL_SCM_TOKEN')]) {
        landfall(args: ['stack', 'comment'] + folders + ['--post'], file: 'comment.json')
    }
}
