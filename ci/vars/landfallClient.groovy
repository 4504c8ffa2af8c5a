/** The client in whose folder the job lies: the only one whose stacks it looks at. See landfallClient.txt. */
String call() {
    return env.JOB_NAME.tokenize('/')[0]
}
