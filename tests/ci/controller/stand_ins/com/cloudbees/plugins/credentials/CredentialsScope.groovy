package com.cloudbees.plugins.credentials

enum CredentialsScope { GLOBAL, SYSTEM }
