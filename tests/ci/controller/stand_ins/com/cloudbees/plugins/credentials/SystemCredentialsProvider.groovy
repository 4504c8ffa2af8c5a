package com.cloudbees.plugins.credentials

import com.cloudbees.plugins.credentials.domains.Domain

/** Keeps what is added, and counts how often it is saved. */
class SystemCredentialsProvider {
    static final SystemCredentialsProvider KEPT = new SystemCredentialsProvider()
    final Store store = new Store()
    int saved

    static SystemCredentialsProvider getInstance() { KEPT }

    void save() { saved++ }

    static class Store {
        final List kept = [[id: 'somebody-elses']]

        List getCredentials(Domain domain) { new ArrayList(kept) }

        void addCredentials(Domain domain, Object one) { kept << one }
    }
}
